import java.util.List;

public class GradeBook {
    public static void main(String[] args) {
        List<Integer> grades = List.of(2, 1, 3);
        int sum = 0;
        for (int grade : grades) {
            sum += grade;
        }
        System.out.println(average / grades.size());
    }
}
