// The control of `tick-to-client`: sends back every byte it gets.
import { type AddressInfo, createServer } from 'node:net';
import { serveBench } from '../http-load.ts';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});
server.listen(0, '127.0.0.1', () => {
  serveBench({ url: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
