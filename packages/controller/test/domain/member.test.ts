import { describe, expect, it } from 'vitest';
import { checkEndpointFree, checkMemberAddress } from '../../src/domain/validation/member.ts';

describe('members', () => {
  it('refuses reserved addresses in any spelling', () => {
    const rules = { reservedIps: ['169.254.169.254', 'FD00:0EC2:0000:0000:0000:0000:0000:0254'] };
    for (const address of ['169.254.169.254', 'fd00:ec2::254']) {
      expect(() => checkMemberAddress(address, rules)).toThrow(`${address} is not a valid option for member address`);
    }
    // The same place by another way.
    expect(() => checkMemberAddress('::ffff:169.254.169.254', rules)).toThrow('is not a valid option');
    for (const address of ['192.0.2.1', '::1', '127.0.0.1', 'fe80::1', '::ffff:192.0.2.1']) {
      expect(() => checkMemberAddress(address, rules)).not.toThrow();
    }
  });

  it.each(['0.0.0.0', '::', '::ffff:0.0.0.0', '224.0.0.18', 'ff02::1', '255.255.255.255'])(
    'refuses %s, which nobody can have',
    (address) => {
      expect(() => checkMemberAddress(address, { reservedIps: [] })).toThrow(
        `${address} is not a valid option for member address`,
      );
    },
  );

  it('refuses nothing else', () => {
    expect(() => checkMemberAddress('198.18.0.1', { reservedIps: [] })).not.toThrow();
  });

  it('refuses a second member with the same address and port', () => {
    const others = [{ address: '192.0.2.1', protocolPort: 80 }];
    expect(() => checkEndpointFree({ address: '192.0.2.1', protocolPort: 80 }, others)).toThrow(
      'Another member on this pool is already using ip 192.0.2.1 on protocol_port 80',
    );
    expect(() => checkEndpointFree({ address: '192.0.2.1', protocolPort: 81 }, others)).not.toThrow();
  });
});
