import { describe, expect, it } from 'vitest';
import { checkHostAddress } from '../../src/domain/validation/host-address.ts';
import { checkEndpointFree, checkMemberAddresses, endpoint } from '../../src/domain/validation/member.ts';

const MEMBER_REFUSED = 'is not a valid option for member address';

describe('addresses that tenants may not name', () => {
  const rules = {
    reservedIps: [
      '169.254.169.254',
      'FD00:0EC2:0000:0000:0000:0000:0000:0254',
      '198.18.0.0/24',
      'fd00:1::/64',
      'nonsense',
    ],
  };

  it.each([
    '169.254.169.254',
    'fd00:ec2::254',
    // Inside a network of the list.
    '198.18.0.255',
    'fd00:1::5',
    // The same place by another way.
    '::ffff:169.254.169.254',
    '::169.254.169.254',
    '::ffff:0:169.254.169.254',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::169.254.169.254',
    '64:ff9b:1:a9fe:a9:fe00::',
    '64:ff9b:1:a9:fe:a9fe::',
    '64:ff9b:1:0:a9:fea9:fe00:0',
    '2002:a9fe:a9fe::1',
    'fe80::5efe:a9fe:a9fe',
    '2001:db8::200:5efe:169.254.169.254',
    '::ffff:198.18.0.1',
  ])('%s', (address) => {
    const refused = `${address} ${MEMBER_REFUSED}`;
    expect(() => checkHostAddress(address, 'member address', rules)).toThrow(refused);
  });

  it.each([
    '192.0.2.1',
    '::1',
    '127.0.0.1',
    'fe80::1',
    '::ffff:192.0.2.1',
    '198.18.1.0',
    'fd00:1:0:1::5',
    '64:ff9b::192.0.2.1',
    '2002:c000:201::a9fe:a9fe',
    '2001:db8::a9fe:a9fe',
  ])('%s is none of them', (address) => {
    expect(() => checkHostAddress(address, 'member address', rules)).not.toThrow();
  });

  it('holds for what is checked instead of a member', () => {
    const check = (member: object) => () => checkMemberAddresses(member, rules);
    expect(check({ address: '192.0.2.1', monitorAddress: '169.254.169.254' })).toThrow(
      '169.254.169.254 is not a valid option for member monitor_address',
    );
    expect(check({ monitorAddress: '0.0.0.0' })).toThrow('0.0.0.0 is not a valid option for member monitor_address');
    for (const member of [{}, { monitorAddress: null }, { address: '192.0.2.1', monitorAddress: '192.0.2.2' }]) {
      expect(check(member)).not.toThrow();
    }
  });
});

describe('members', () => {
  it.each(['0.0.0.0', '::', '::ffff:0.0.0.0', '224.0.0.18', 'ff02::1', '255.255.255.255'])(
    'are not at %s, which nobody can have',
    (address) => {
      expect(() => checkMemberAddresses({ address }, { reservedIps: [] })).toThrow(`${address} ${MEMBER_REFUSED}`);
    },
  );

  it('are anywhere else', () => {
    expect(() => checkMemberAddresses({ address: '198.18.0.1' }, { reservedIps: [] })).not.toThrow();
  });

  it('refuses a second member with the same address and port', () => {
    const others = [{ address: '192.0.2.1', protocolPort: 80 }];
    expect(() => checkEndpointFree({ address: '192.0.2.1', protocolPort: 80 }, others)).toThrow(
      'Another member on this pool is already using ip 192.0.2.1 on protocol_port 80',
    );
    expect(() => checkEndpointFree({ address: '192.0.2.1', protocolPort: 81 }, others)).not.toThrow();
  });

  it.each([
    ['192.0.2.1', '::ffff:192.0.2.1', true],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '::ffff:192.0.2.2', false],
    // Not the same place by any socket's account.
    ['192.0.2.1', '::192.0.2.1', false],
    ['192.0.2.1', '64:ff9b::c000:201', false],
    ['0.0.1.1', '::ffff:0:1:1', false],
  ])('that %s and %s are one server is %s', (address, other, same) => {
    expect(endpoint({ address, protocolPort: 80 }) === endpoint({ address: other, protocolPort: 80 })).toBe(same);
  });
});
