function mailer() {
  const { createTransport } = require('corp-mailer/transport');
  return createTransport({ host: 'mail.internal' });
}

function sendDigest(addresses) {
  const transport = mailer();
  for (const address of addresses) {
    transport.send({ to: address, subject: 'Weekly digest' });
  }
}

sendDigest(['ana.keller@example.org']);
