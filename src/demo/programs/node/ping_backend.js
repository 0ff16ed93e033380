const http = require('node:http');

http.get('http://127.0.0.1:1/health', (answer) => {
  console.log(answer.statusCode);
});
