// A connection through a proxy, by CONNECT: what a WebSocket needs and `ws` does not bring. In: the proxy and
// the far host. Out: a socket that speaks to the far host. (Requests are tunnelled by undici itself.)
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { hostOf } from './proxy.ts';

export type TunnelOptions = { proxy: URL; host: string; port: number; certificates?: readonly string[] };

// An answer to CONNECT is a status line and a few headers.
const ANSWER_BYTES_MAX = 16 * 1024;

/** @throws an error of the system, or AssayError OUTBOUND_FAILED with reason `proxy` */
export function openTunnel({ proxy, host, port, certificates }: TunnelOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectToProxy(proxy, certificates);
    let answer = Buffer.alloc(0);
    const fail = (problem: string) => {
      socket.destroy();
      const context = { reason: 'proxy', proxy: proxy.host };
      reject(new AssayError('OUTBOUND_FAILED', `the proxy ${proxy.host} ${problem}`, { context }));
    };
    const onEnd = () => fail('closed the connection');
    const onData = (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf('\r\n\r\n');
      if (end < 0) {
        if (answer.length > ANSWER_BYTES_MAX) fail('sent an answer without end');
        return;
      }
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer.toString('latin1'))?.[1];
      if (status !== '200')
        return fail(`answered CONNECT ${host}:${port} with ${status ?? 'something else'}`);
      socket.off('data', onData).off('end', onEnd).off('error', reject);
      socket.pause();
      if (answer.length > end + 4) socket.unshift(answer.subarray(end + 4));
      resolve(socket);
    };
    socket.on('data', onData).on('end', onEnd).on('error', reject);
    const target = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${credentialsOf(proxy)}\r\n`);
  });
}

function connectToProxy(proxy: URL, certificates: readonly string[] | undefined): Socket {
  const host = hostOf(proxy);
  if (proxy.protocol === 'http:') return connectPlain({ host, port: Number(proxy.port || 80) });
  const trust = certificates === undefined ? {} : { ca: [...certificates] };
  return connectSecure({ host, port: Number(proxy.port || 443), servername: host, ...trust });
}

function credentialsOf({ username, password }: URL): string {
  if (username === '') return '';
  const plain = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Proxy-Authorization: Basic ${Buffer.from(plain).toString('base64')}\r\n`;
}
