// Which addresses are of the public internet: never this machine, its network, or a cloud's metadata. In: an
// address or a name. Out: whether it is public, or for a connection those of its addresses that are. A
// connection is judged by the address that it is made to, because a name may point elsewhere by then (DNS
// rebinding).
import { type LookupAddress, type LookupAllOptions, type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net';
import { AssayError } from '@assay/kernel/errors/assay-error';

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

function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !closed.check(address, 'ipv4');
  return isIP(address) === 6 && unicast.check(address, 'ipv6') && !closed.check(address, 'ipv6');
}

/** A `lookup` for Node's sockets that knows public addresses alone. */
export const lookupPublic: LookupFunction = (hostname, options, done) => {
  const { family = 0, hints = 0 } = options as LookupOptions;
  const all: LookupAllOptions = { family, hints, all: true };
  lookup(hostname, all, (error, addresses) => {
    if (error !== null) return done(error, '');
    const open = addresses.filter(({ address }) => isPublicAddress(address));
    const first = open[0];
    if (first === undefined) return done(notPublic(hostname), '');
    if (options.all === true) return done(null, open as LookupAddress[]);
    done(null, first.address, first.family);
  });
};

/** @throws AssayError OUTBOUND_FAILED for a host that has no public address now */
export async function requirePublicHost(host: string, isLookedUp: boolean): Promise<void> {
  if (isIP(host) > 0) {
    if (!isPublicAddress(host)) throw notPublic(host);
  } else if (isLookedUp) {
    await new Promise<void>((found, failed) => {
      lookupPublic(host, { all: true }, (error) => (error === null ? found() : failed(error)));
    });
  }
}

/** Without the address itself, which would tell a stranger about our network. */
function notPublic(host: string): AssayError {
  return new AssayError(
    'OUTBOUND_FAILED',
    `nothing is sent to ${host.slice(0, 100)}: its address is not public`,
    {
      context: { reason: 'refused' },
      isTransient: false,
    },
  );
}
