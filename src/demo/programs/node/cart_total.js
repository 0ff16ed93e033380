const cart = { items: [{ sku: 'kettle', price: { amount: 24.9 } }, { sku: 'toaster' }] };

let total = 0;
for (const item of cart.items) {
  total += item.price.amount;
}
console.log(total);
