// What JavaScript asks the library's server: client.js SCENARIO URL SOCKET [PATH OFFER]
'use strict';
const crypto = require('crypto');
const events = require('events');
const fs = require('fs');
const { WebSocket, deflate } = require('./library.js');

const [scenario, url, socket] = process.argv.slice(2);

/** A connection whose messages and end can be awaited, however early they come. */
class Connection {
  constructor(path, { protocols = [], headers = {}, offer = null } = {}) {
    const options = { headers, perMessageDeflate: offer && deflate(offer) };
    if (url.startsWith('wss:')) {
      Object.assign(options, { ca: fs.readFileSync('ca.pem'), servername: 'localhost' });
    }
    const whole = socket ? `ws+unix://${socket}:${path}` : url + path;
    this.ws = new WebSocket(whole, protocols, options);
    this.came = [];
    this.waiting = [];
    this.ws.on('message', (data, binary) => {
      const message = binary ? data : data.toString();
      const taker = this.waiting.shift();
      if (taker) taker(message);
      else this.came.push(message);
    });
    this.ws.on('upgrade', (answer) => { this.answer = answer; });
    this.ws.on('error', (error) => console.log(error.message));
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => resolve(`${code} ${reason}`));
    });
  }

  async open() {
    await events.once(this.ws, 'open');
    return this;
  }

  receive() {
    if (this.came.length) return Promise.resolve(this.came.shift());
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async echo(name, message) {
    this.ws.send(message);
    const back = await this.receive();
    const same = typeof message === 'string' ? back === message : message.equals(back);
    console.log(name, same ? 'same' : 'DIFFERENT');
  }

  async gone(what = 'closed') {
    console.log(what, await this.closed);
  }
}

const connect = (path, more) => new Connection(path, more).open();

const scenarios = {
  async talks() {
    const connection = await connect('/echo');
    const { ws } = connection;
    for (const text of ['hello', '', 'ü'.repeat(40_000)]) {
      await connection.echo(`text ${text.length}`, text);
    }
    for (const count of [0, 1, 125, 126, 65_535, 65_536, 1 << 20]) {
      await connection.echo(`binary ${count}`, crypto.randomBytes(count));
    }
    const pong = events.once(ws, 'pong');
    ws.send('one ', { fin: false });
    ws.ping('between');
    console.log('pong', String(await pong));
    ws.send('', { fin: false });
    ws.send('two');
    console.log(await connection.receive());
    const numbers = Array.from({ length: 1000 }, (_, number) => String(number).repeat(number % 300));
    numbers.forEach((number) => ws.send(number));
    let same = true;
    for (const number of numbers) {
      same = await connection.receive() === number && same;
    }
    console.log('1000', same ? 'same' : 'DIFFERENT');
    ws.close(4000, 'thank you');
    await connection.gone();
  },

  async compresses() {
    const [path, offer] = process.argv.slice(5);
    const connection = await connect(path, { offer: JSON.parse(offer) });
    const { ws } = connection;
    console.log(connection.answer.headers['sec-websocket-extensions'] || 'none');
    const long = 'all work and no play '.repeat(5000);
    for (let round = 0; round < 3; round++) {
      await connection.echo('long', long);
    }
    await connection.echo('short', 'hi');
    await connection.echo('empty', '');
    await connection.echo('random', crypto.randomBytes(100_000));
    ws.send(long, { fin: false });
    ws.send('', { fin: false });
    ws.send(long);
    console.log('pieces', await connection.receive() === long + long ? 'same' : 'DIFFERENT');
    ws.close();
  },

  async reads() {
    const more = { protocols: ['v1', 'v2'], headers: { 'X-Word': 'c' } };
    const connection = await connect('/facts?word=a%20b', more);
    console.log(await connection.receive());
    console.log(connection.ws.protocol);
    connection.ws.close();
  },

  async is_closed() {
    const connection = await connect('/close');
    connection.ws.send('enough of it');
    await connection.gone();
  },

  async closes() {
    const connection = await connect('/echo');
    connection.ws.close(4002, 'mine');
    await connection.gone();
  },

  async waits() {
    await (await connect('/echo')).gone();
  },

  async is_refused() {
    const { ws } = new Connection('/refused');
    const [request, answer] = await events.once(ws, 'unexpected-response');
    let body = '';
    for await (const piece of answer) body += piece;
    console.log(answer.statusCode, body.trim());
    request.socket.destroy();
  },

  async errs() {
    const frames = {
      'half a character': '\x81\x81\0\0\0\0\xc3',
      'no UTF-8': '\x81\x82\0\0\0\0\xc3\x28',
      'an opcode of nothing': '\x83\x80\0\0\0\0',
      'a reserved bit': '\xa1\x80\0\0\0\0',
      'no mask': '\x81\x01a',
      'a ping in pieces': '\x09\x80\0\0\0\0',
      'the middle of nothing': '\x80\x80\0\0\0\0',
      'close with 1005': '\x88\x82\0\0\0\0\x03\xed',
    };
    for (const [name, frame] of Object.entries(frames)) {
      const connection = await connect('/small');
      connection.ws._socket.write(frame, 'latin1');
      await connection.gone(name);
    }
    for (const [name, offer] of [['1001 bytes', null], ['1001 bytes of few', {}]]) {
      const connection = await connect('/small', { offer });
      connection.ws.send('x'.repeat(1001));
      await connection.gone(name);
    }
  },
};

scenarios[scenario]();
