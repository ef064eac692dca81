// What answers the library's client: server.js KIND [PARAMETERS]
//
// Says where it listens, then how each connection has ended.
'use strict';
const events = require('events');
const fs = require('fs');
const http = require('http');
const https = require('https');
const { WebSocket, deflate } = require('./library.js');

const [kind, parameters] = process.argv.slice(2);

const writes = (frame) => (ws) => ws._socket.write(frame, 'latin1');

const paths = {
  '/echo': (ws) => ws.on('message', (data, binary) => ws.send(data, { binary })),
  '/facts': (ws, request) => {
    ws.send(`${request.url} ${request.headers['x-word']} ${ws.protocol}`);
  },
  '/close': (ws) => ws.on('message', (data) => ws.close(4001, data)),
  '/pieces': async (ws) => {
    ws.send('one ', { fin: false });
    ws.ping('between');
    const [data] = await events.once(ws, 'pong');
    console.log('pong', String(data));
    ws.send('', { fin: false });
    ws.send('two');
  },
  '/large': (ws) => ws.send('x'.repeat(1001)),
  '/half': writes('\x81\x01\xc3'),
  '/no_text': writes('\x81\x02\xc3\x28'),
  '/reserved': writes('\xa1\0'),
  '/opcode': writes('\x83\0'),
  '/masked': writes('\x81\x81\0\0\0\0a'),
  '/middle': writes('\x80\0'),
  '/no_code': writes('\x88\x02\x03\xed'),
};

function listen() {
  if (kind !== 'tls') return http.createServer();
  const [cert, key] = ['server.pem', 'server.key'].map((name) => fs.readFileSync(name));
  return https.createServer({ cert, key });
}

const server = listen();
const sockets = new WebSocket.Server({
  server,
  perMessageDeflate: parameters ? deflate(JSON.parse(parameters)) : false,
  handleProtocols: (names) => ['v2', 'v1'].find((name) => names.has(name)),
  verifyClient: ({ req }, verdict) => verdict(req.url !== '/refused', 403, 'Sign in first\n'),
});
sockets.on('connection', (ws, request) => {
  const path = request.url.split('?')[0];
  ws.on('close', (code, reason) => console.log(path, code, String(reason)));
  paths[path](ws, request);
});
if (kind === 'unix') {
  server.listen('socket', () => console.log('socket'));
} else {
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}
