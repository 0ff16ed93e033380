def line_amount(line):
    return line["net_amount"] * (1 + line["vat"])


def invoice_amount(invoice):
    return sum(line_amount(line) for line in invoice["lines"])


def month_amount(invoices):
    return {invoice["number"]: invoice_amount(invoice) for invoice in invoices}


invoices = [
    {"number": "2026-0117", "lines": [{"net_amount": 120.0, "vat": 0.19}]},
    {"number": "2026-0118", "lines": [{"amount": 80.0, "vat": 0.19}]},
]
print(month_amount(invoices))
