public class LeapYear {
    static boolean leap(int year) {
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    }

    public static void main(String[] args) {
        for (int year = 2020; year < 2030; year++) {
            if (leap(yeer)) {
                System.out.println(year);
            }
        }
    }
}
