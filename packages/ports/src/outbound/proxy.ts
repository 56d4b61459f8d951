// Which proxy a URL is reached through. In: the settings HTTPS_PROXY, HTTP_PROXY and NO_PROXY as texts, and a
// URL. Out: the proxy's URL, or none. One rule for requests and sockets.
//
// NO_PROXY is a list of hosts (their subdomains included), "host:port", addresses, networks ("10.0.0.0/8") or
// "*". Loopback is never proxied: the sandbox lives there, and a proxy's loopback is another machine.
import { BlockList, isIP } from 'node:net';
import { AssayError } from '@assay/kernel/errors/assay-error';

export type ProxySettings = { httpsProxy?: string; httpProxy?: string; noProxy?: string };
export type ProxyRule = (url: URL) => URL | undefined;

/** @throws AssayError CONFIG_INVALID */
export function proxyRule({ httpsProxy, httpProxy, noProxy = '' }: ProxySettings): ProxyRule {
  const secure = parseProxy('HTTPS_PROXY', httpsProxy);
  const plain = parseProxy('HTTP_PROXY', httpProxy);
  const isExempt = exemption(noProxy);
  return (url) => {
    const isSecure = url.protocol === 'https:' || url.protocol === 'wss:';
    const proxy = isSecure ? secure : plain;
    if (proxy === undefined) return undefined;
    const host = hostOf(url).toLowerCase();
    const port = url.port === '' ? (isSecure ? '443' : '80') : url.port;
    return isLoopback(host) || isExempt(host, port) ? undefined : proxy;
  };
}

/** Without the brackets of an IPv6 address. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function parseProxy(name: string, text: string | undefined): URL | undefined {
  if (text === undefined || text === '') return undefined;
  const withScheme = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '') {
    return url;
  }
  // The value may carry a password: it is not repeated.
  throw new AssayError('CONFIG_INVALID', `${name} is not the address of a proxy: write http://host:port`, {
    context: { field: name },
  });
}

function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(\.\d+){3}$/.test(host)
  );
}

function exemption(noProxy: string): (host: string, port: string) => boolean {
  const networks = new BlockList();
  const names: { name: string; port: string | undefined }[] = [];
  let isEverything = false;
  for (const entry of noProxy.toLowerCase().split(/[\s,]+/)) {
    if (entry === '') continue;
    if (entry === '*') isEverything = true;
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address);
    if (family !== 0 && prefix !== undefined && /^\d{1,3}$/.test(prefix)) {
      networks.addSubnet(address, Number(prefix), family === 6 ? 'ipv6' : 'ipv4');
    } else if (family !== 0) {
      networks.addAddress(address, family === 6 ? 'ipv6' : 'ipv4');
    } else {
      const [, name = '', port] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry)!;
      names.push({ name, port });
    }
  }
  return (host, port) => {
    if (isEverything) return true;
    const family = isIP(host);
    if (family !== 0 && networks.check(host, family === 6 ? 'ipv6' : 'ipv4')) return true;
    return names.some(
      (one) =>
        (one.port === undefined || one.port === port) &&
        one.name !== '' &&
        (host === one.name || host.endsWith(`.${one.name}`)),
    );
  };
}
