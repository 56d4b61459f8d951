// Messages of graphql-transport-ws from a client. In: texts. Out: messages of known shape, or undefined.

import { parseExactJson } from './scalars.ts';

export type ProtocolMessage =
  | { type: 'connection_init' | 'ping' | 'pong'; payload?: unknown }
  | { type: 'subscribe'; id: string; payload: unknown }
  | { type: 'complete'; id: string };

export function readMessage(text: string): ProtocolMessage | undefined {
  let message: ProtocolMessage;
  try {
    message = parseExactJson(text) as ProtocolMessage;
  } catch {
    return undefined;
  }
  if (typeof message !== 'object' || message === null) return undefined;
  switch (message.type) {
    case 'connection_init':
    case 'ping':
    case 'pong':
      return message;
    case 'subscribe':
    case 'complete':
      return typeof message.id === 'string' ? message : undefined;
    default:
      return undefined;
  }
}

/** The payload of `connection_init` as the headers it stands for: `{apiKey}` or `{authorization}`. */
export function headersOf(payload: unknown): string[] {
  if (typeof payload !== 'object' || payload === null) return [];
  const given = new Map(Object.entries(payload).map(([name, value]) => [name.toLowerCase(), value]));
  const key = given.get('apikey') ?? given.get('x-api-key');
  if (typeof key === 'string') return ['x-api-key', key];
  const authorization = given.get('authorization');
  return typeof authorization === 'string' ? ['authorization', authorization] : [];
}
