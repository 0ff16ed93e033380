const events = [
  { day: '2026-10-01', count: 3 },
  { day: '2026-10-02', count: 5 },
  { day: '2026-10-01', count: 2 },
];

const days = {};
for (const { day, count } of events) days[day] = (days[day] ?? 0) + count;
console.log(days);
