import java.math.BigInteger;

public class Fibonacci {
    public static void main(String[] args) {
        BigInteger previous = BigInteger.ZERO;
        BigInteger current = BigInteger.ONE;
        for (int step = 1; step < 90; step++) {
            BigInteger next = previous.add(current);
            previous = current;
            current = next;
        }
        System.out.println(current);
    }
}
