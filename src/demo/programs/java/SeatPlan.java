public class SeatPlan {
    static class Room {
        String[] seats = new String[4];
    }

    static int nameLength(Room room, int seat) {
        return room.seats[seat].length();
    }

    static int longest(Room room) {
        int longest = 0;
        for (int seat = 0; seat < room.seats.length; seat++) {
            longest = Math.max(longest, nameLength(room, seat));
        }
        return longest;
    }

    public static void main(String[] args) {
        Room room = new Room();
        room.seats[0] = "Priya";
        System.out.println(longest(room));
    }
}
