class OrderError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = 'OrderError';
  }
}

function validate(order) {
  if (!Number.isFinite(order.total)) {
    throw new RangeError(`total is ${order.total}`);
  }
}

function save(order) {
  try {
    validate(order);
  } catch (error) {
    throw new OrderError(`order ${order.id} of ${order.buyer} was not saved`, { cause: error });
  }
}

save({ id: 'A-1041', buyer: 'lena.hofmann@example.org', total: 120 / 4 });
save({ id: 'A-1042', buyer: 's.okafor@example.com', total: Number('12,50') });
