// The control of `fan-out`: the same number of connections, the same bytes to each, and nothing else: what
// the operating system and the runtime cost at least.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { answerWith, machineMs } from './child.ts';
import type { ServerAnswer } from './socket-server.ts';

export type BareQuestion = { what: 'start' | 'publish' | 'figures'; bytes: number };

const sockets = new Set<Socket>();
const server = createServer((socket) => {
  sockets.add(socket.setNoDelay());
  socket.on('error', () => undefined);
  socket.on('close', () => sockets.delete(socket));
});

answerWith<BareQuestion, ServerAnswer>(async ({ what, bytes }) => {
  if (what === 'start') {
    await new Promise<void>((listening) =>
      server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, listening),
    );
  }
  const publishedAtMs = machineMs();
  if (what === 'publish') {
    const update = Buffer.alloc(bytes, 'x');
    for (const socket of sockets) socket.write(update);
  }
  const { user, system } = process.cpuUsage();
  const url = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cpuSeconds = (user + system) / 1e6;
  return { url, key: '', publishedAtMs, cpuSeconds, rssBytes: 0, liveBytes: 0, counts: {} };
});
