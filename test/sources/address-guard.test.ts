import type { LookupAddress } from 'node:dns';
import { promisify } from 'node:util';
import t from 'tap';
import { createAddressGuard, type Reach, reachOf } from '../../src/sources/address-guard.ts';
import { resolver } from '../support/https-source.ts';

/** Hosts as somebody may write them in a URL, in all spellings that lead to the same machine. */
const HOSTS: Readonly<Record<Reach, readonly string[]>> = {
  public: [
    '8.8.8.8',
    '134744072',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '[2606:4700::1111]',
    '[2a00:1450:4001:800::200e]',
    '168.63.129.17',
    // NAT64 of an address that is public itself.
    '[64:ff9b::8.8.8.8]',
  ],
  private: [
    '127.0.0.1',
    '127.255.255.254',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '017700000001',
    '127.0.0.1.',
    '%31%32%37.0.0.1',
    '１２７.0.0.1',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '0xc0a80101',
    '100.64.0.1',
    '100.127.255.255',
    '[fc00::1]',
    '[fd00:ec1::254]',
    '100.100.100.201',
  ],
  special: [
    '0.0.0.0',
    '0',
    '0.1.2.3',
    '[::]',
    '169.254.169.254',
    '[fd00:ec2::254]',
    '[fd20:ce::254]',
    '100.100.100.200',
    '168.63.129.16',
    '2852039166',
    '0xa9fea9fe',
    '[fe80::1]',
    '[fec0::1]',
    '192.0.0.1',
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.1',
    '198.18.0.1',
    '198.19.255.255',
    '192.88.99.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '[ff02::1]',
    '[100::1]',
    '[2001:db8::1]',
    '[3fff::1]',
    '[2001:2::1]',
    '[5f00::1]',
    '[4000::1]',
    // IPv4 within IPv6: mapped, compatible, translated, NAT64 of what is not public, 6to4, Teredo, ISATAP.
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::ffff:8.8.8.8]',
    '[::127.0.0.1]',
    '[::169.254.169.254]',
    '[::ffff:0:127.0.0.1]',
    '[64:ff9b::127.0.0.1]',
    '[64:ff9b::a9fe:a9fe]',
    '[64:ff9b::10.0.0.1]',
    '[64:ff9b:1::1]',
    '[64:ff9b:1:0:0:0:808:808]',
    '[2002:7f00:1::]',
    '[2002:a9fe:a9fe::1]',
    '[2001:0:4136:e378:8000:63bf:3fff:fdd2]',
    '[2606:4700::5efe:127.0.0.1]',
    '[2606:4700::200:5efe:8.8.8.8]',
  ],
};

const refused = { name: 'AddressRefused' };

for (const [reach, hosts] of Object.entries(HOSTS)) {
  t.test(`${hosts.length} hosts are ${reach}`, (t) => {
    for (const host of hosts) {
      const { hostname } = new URL(`https://${host}/`);
      t.equal(reachOf(hostname.replace(/[[\]]/g, '')), reach, `${host} is ${hostname}`);
      const check = (allowPrivate: boolean) => () => createAddressGuard({ allowPrivate }).checkHost(hostname);
      if (reach === 'public') t.doesNotThrow(check(false), host);
      else t.throws(check(false), refused, host);
      if (reach === 'special') t.throws(check(true), refused, `${host}, whatever is allowed`);
      else t.doesNotThrow(check(true), host);
    }
    t.end();
  });
}

t.test('what is no address is none to connect to, and a name is left to the lookup', (t) => {
  for (const text of ['', 'photos.test', '1.2.3', '0177.0.0.1', '8.8.8.8 ', '::g'])
    t.equal(reachOf(text), 'special', text);
  // With a zone, as a resolver may give it.
  t.equal(reachOf('fe80::1%eth0'), 'special');
  t.doesNotThrow(() => createAddressGuard({ allowPrivate: false }).checkHost('photos.test'));
  t.end();
});

/** What a socket gets for a name: all addresses, or an error. */
function lookUp(answers: readonly (readonly string[] | Error)[], allowPrivate = false) {
  const lookup = resolver(...answers);
  const guard = createAddressGuard({ allowPrivate, lookup });
  return { guard, lookup, once: () => promisify(guard.lookup)('photos.test', { all: true }) };
}

t.test('a name gets its addresses when every one of them is allowed', async (t) => {
  const { once, guard } = lookUp([['8.8.8.8', '2606:4700::1111']]);
  const found = [
    { address: '8.8.8.8', family: 4 },
    { address: '2606:4700::1111', family: 6 },
  ];
  t.same(await once(), found);
  await new Promise<void>((resolve) => {
    guard.lookup('photos.test', {}, (error, address, family) => {
      t.same([error, address, family], [null, '8.8.8.8', 4], 'and the first where a socket wants one');
      resolve();
    });
  });
});

t.test('one address that is not allowed is enough', async (t) => {
  const mixed: readonly (readonly string[])[] = [
    ['8.8.8.8', '127.0.0.1'],
    ['127.0.0.1', '8.8.8.8'],
    ['8.8.8.8', '2606:4700::1111', '::ffff:10.0.0.1'],
    ['2606:4700::1111', 'fe80::1%eth0'],
  ];
  for (const addresses of mixed) await t.rejects(lookUp([addresses]).once(), refused, addresses.join(' '));
  await t.rejects(lookUp([['10.0.0.1', '169.254.169.254']], true).once(), {
    message: 'photos.test has the special address 169.254.169.254, and no source may have that',
  });
  await t.rejects(lookUp([['10.0.0.1']]).once(), {
    message: 'photos.test has the private address 10.0.0.1, and SOURCE_ALLOW_PRIVATE is false',
  });
});

t.test('a name that comes to mean another machine is judged anew', async (t) => {
  const { once, lookup } = lookUp([['8.8.8.8'], ['127.0.0.1']]);
  const [found] = (await once()) as unknown as [LookupAddress];
  t.equal(found.address, '8.8.8.8', 'what was judged is what is given to the socket');
  await t.rejects(once(), refused);
  t.equal(lookup.asked, 2, 'one lookup for each');
});

t.test('a name without addresses, and a resolver that fails', async (t) => {
  await t.rejects(lookUp([[]]).once(), { message: 'photos.test has no address' });
  const failure = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
  await t.rejects(lookUp([failure]).once(), failure);
});
