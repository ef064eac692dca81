// JavaScript's `ws`: where Node looks, or where Debian puts it.
'use strict';
function load() {
  try {
    return require('ws');
  } catch {
    return require('/usr/share/nodejs/ws');
  }
}

const WebSocket = load();

/** What RFC 7692 calls its parameters, for `ws`. */
function deflate(parameters) {
  const own = { threshold: 0 };
  for (const [name, value] of Object.entries(parameters)) {
    own[name.replace(/_(max_)?([a-z])/g, (_, max = '', letter) =>
      (max ? 'Max' : '') + letter.toUpperCase())] = value;
  }
  return own;
}

module.exports = { WebSocket, deflate };
