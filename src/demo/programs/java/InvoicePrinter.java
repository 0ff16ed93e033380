import java.util.HashMap;
import java.util.Map;

public class InvoicePrinter {
    public static void main(String[] args) {
        Map<String, String> customers = new HashMap<>();
        customers.put("C-17", "Keller AG");
        System.out.println(customers.get("C-17").toUpperCase());
        System.out.println(customers.get("C-18").toUpperCase());
    }
}
