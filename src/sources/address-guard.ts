import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Who can reach an address: anybody, those of one network, or nobody by HTTP as it was meant. */
export type Reach = 'public' | 'private' | 'special';

/** What an operator may have behind a firewall. Not link-local: nothing is served there but a cloud's credentials. */
const PRIVATE: readonly string[] = ['loopback', 'private', 'carrierGradeNat', 'uniqueLocal'];
/** All that is given out so far (RFC 4291, 2.4, and IANA's registry): without it, ::127.0.0.1 would be an address like any other. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** IPv6-only networks reach IPv4 by it (RFC 6052, 2.1); the other prefix, 64:ff9b:1::/48, is for private use. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
/** Where clouds give credentials away besides link-local addresses: AWS, Google, Alibaba, Azure. Else they would be private, or anybody's. */
const METADATA = ['fd00:ec2::/32', 'fd20:ce::254/128', '100.100.100.200/32', '168.63.129.16/32'].map(ipaddr.parseCIDR);
/** ISATAP (RFC 5214, 6.1): an interface identifier, under any prefix, that holds an IPv4 address. The first says whether that is a global one. */
const ISATAP: readonly (readonly [number, number])[] = [
  [0x0200, 0x5efe],
  [0x0000, 0x5efe],
];

/** The reach of an address in its usual notation; `special` for a text that is none. */
export function reachOf(address: string): Reach {
  if (isIP(address) === 0) return 'special';
  const parsed = ipaddr.parse(address);
  if (METADATA.some(([start, bits]) => start.kind() === parsed.kind() && parsed.match(start, bits))) return 'special';
  // IANA's registries of special addresses (RFC 6890), tunnels that carry an IPv4 address among them: 6to4, Teredo, IPv4-mapped.
  const range = parsed.range();
  if (PRIVATE.includes(range)) return 'private';
  if (parsed.kind() === 'ipv6') return reachOfIPv6(parsed as ipaddr.IPv6, range);
  return range === 'unicast' ? 'public' : 'special';
}

function reachOfIPv6(address: ipaddr.IPv6, range: string): Reach {
  if (address.match(NAT64)) {
    const embedded = ipaddr.fromByteArray(address.toByteArray().slice(-4));
    // Under this prefix there is nothing but what is public (RFC 6052, 3.1).
    return embedded.range() === 'unicast' ? 'public' : 'special';
  }
  const isGlobal = range === 'unicast' && address.match(GLOBAL_UNICAST) && !isIsatap(address);
  return isGlobal ? 'public' : 'special';
}

function isIsatap({ parts }: ipaddr.IPv6): boolean {
  return ISATAP.some(([first, second]) => parts[4] === first && parts[5] === second);
}

/** Nothing is connected to: what the operator reads in the log. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

export interface AddressGuard {
  /** Throws `AddressRefused` for a host, as a URL has it, that is an address and none to connect to; names are looked up later. */
  checkHost(hostname: string): void;
  /**
   * For sockets: all addresses of a name, or `AddressRefused` when one of them is none to connect to. What was judged is what is
   * connected to: between the two, a name cannot come to mean another machine.
   */
  readonly lookup: LookupFunction;
}

export interface AddressGuardOptions {
  readonly allowPrivate: boolean;
  /** The system's own, unless a test has another. */
  readonly lookup?: typeof systemLookup | undefined;
}

export function createAddressGuard({ allowPrivate, lookup = systemLookup }: AddressGuardOptions): AddressGuard {
  const allowed: readonly Reach[] = allowPrivate ? ['public', 'private'] : ['public'];

  /** The first of a host's addresses, or why none of them is connected to: which one a socket takes is decided by who answers first. */
  function judge(hostname: string, found: readonly LookupAddress[]): LookupAddress | AddressRefused {
    const refused = found.find(({ address }) => !allowed.includes(reachOf(address)));
    if (refused === undefined) return found[0] ?? new AddressRefused(`${hostname} has no address`);
    const reach = reachOf(refused.address);
    const why = reach === 'private' ? 'SOURCE_ALLOW_PRIVATE is false' : 'no source may have that';
    return new AddressRefused(`${hostname} has the ${reach} address ${refused.address}, and ${why}`);
  }

  return {
    checkHost(hostname) {
      const address = hostname.replace(/^\[|\]$/g, '');
      const family = isIP(address);
      const judged = family === 0 ? undefined : judge(hostname, [{ address, family }]);
      if (judged instanceof Error) throw judged;
    },
    lookup(hostname, options, done) {
      lookup(hostname, { ...options, all: true }, (failed, found) => {
        const judged = failed ?? judge(hostname, found);
        if (judged instanceof Error) done(judged, '');
        else done(null, options.all ? found : judged.address, judged.family);
      });
    },
  };
}
