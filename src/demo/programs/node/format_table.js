const rows = [['kettle', 12], ['toaster', 3]];
const width = Math.max(...rows.map(([name]) => name.length));
for (const [name, amount] of rows) {
  console.log(`${name.padEnd(width)} ${String(amount).padStart(4)}`);
}
