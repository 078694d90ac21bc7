import { describe, expect, it } from 'vitest';
import { checkEndpointFree, checkMemberAddress } from '../../src/domain/validation/member.ts';

describe('members', () => {
  it('refuses reserved addresses in any spelling', () => {
    const rules = { reservedIps: ['169.254.169.254', 'FD00:0EC2:0000:0000:0000:0000:0000:0254'] };
    for (const address of ['169.254.169.254', 'fd00:ec2::254']) {
      expect(() => checkMemberAddress(address, rules)).toThrow(`${address} is not a valid option for member address`);
    }
    expect(() => checkMemberAddress('192.0.2.1', rules)).not.toThrow();
  });

  it('refuses a second member with the same address and port', () => {
    const others = [{ address: '192.0.2.1', protocolPort: 80 }];
    expect(() => checkEndpointFree({ address: '192.0.2.1', protocolPort: 80 }, others)).toThrow(
      'Another member on this pool is already using ip 192.0.2.1 on protocol_port 80',
    );
    expect(() => checkEndpointFree({ address: '192.0.2.1', protocolPort: 81 }, others)).not.toThrow();
  });
});
