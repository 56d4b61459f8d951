// The control of `read-rest`: node:http and nothing else, answering every request with the same bytes, as
// many as ours.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveBench } from '../http-load.ts';

const length = Number(process.argv[2]);
const body = JSON.stringify({ price: '67012.34', padding: 'x'.repeat(Math.max(0, length - 33)) });
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  serveBench({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
});
