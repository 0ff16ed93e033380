const net = require('node:net');

function connect(port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

async function warm(keys) {
  const socket = await connect(2);
  for (const key of keys) socket.write(`GET ${key}\r\n`);
  socket.end();
}

warm(['home', 'pricing']);
