/** The X.509 library needs `reflect-metadata` loaded before itself; everybody gets it from here. It uses the global Web Crypto. */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

export { x509 };
