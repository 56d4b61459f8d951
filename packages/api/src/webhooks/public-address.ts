// Whether a webhook may be sent to an address: never to this machine, its network, or a cloud's metadata. In:
// an address. Out: nothing, or why not. Looked at when a webhook is made and again before every sending,
// because a name may point elsewhere by then.
import { lookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';

/** Special-purpose ranges of RFC 6890 and its successors. */
const PRIVATE_4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;
/** Of IPv6 only the unicast space is public, less what carries an IPv4 address or documentation. */
const PUBLIC_6 = ['2000::', 3] as const;
const PRIVATE_6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

const closed = new BlockList();
for (const [network, bits] of PRIVATE_4) closed.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of PRIVATE_6) closed.addSubnet(network, bits, 'ipv6');
const unicast = new BlockList();
unicast.addSubnet(PUBLIC_6[0], PUBLIC_6[1], 'ipv6');

export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !closed.check(address, 'ipv4');
  return isIP(address) === 6 && unicast.check(address, 'ipv6') && !closed.check(address, 'ipv6');
}

/** @throws AssayError REQUEST_INVALID */
export async function requirePublicUrl(text: string): Promise<void> {
  const { protocol, hostname } = new URL(text);
  if (protocol !== 'https:') throw refused(text, 'only https is sent to');
  const host = hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) > 0 ? [host] : await addressesOf(text, host);
  const inside = addresses.find((address) => !isPublicAddress(address));
  // The address itself would tell a stranger about our network.
  if (inside !== undefined || addresses.length === 0) throw refused(text, 'it is not a public address');
}

async function addressesOf(text: string, host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (cause) {
    throw refused(text, `its name has no address (${messageOf(cause).slice(0, 80)})`);
  }
}

function refused(url: string, why: string): AssayError {
  return new AssayError('REQUEST_INVALID', `url "${url.slice(0, 100)}" cannot be used: ${why}`, {
    context: { field: 'url' },
    recovery:
      'Give a public https address, or set webhooks.allowPrivateAddresses on an installation of your own.',
  });
}
