import java.util.List;

public class ReadQuantities {
    public static void main(String[] args) {
        int total = 0;
        for (String text : List.of("12", "7", "three")) {
            total += Integer.parseInt(text);
        }
        System.out.println(total);
    }
}
