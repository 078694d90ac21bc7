// Stands in for the amphora agent: answers every TCP connection with what a test wants to know of the sandbox.
const fs = require('node:fs');
const net = require('node:net');
const { execFileSync } = require('node:child_process');

const starts = '/var/lib/octavia/starts';
fs.appendFileSync(starts, 'x');

net
  .createServer((socket) => {
    const answer = {
      conf: fs.readFileSync('/etc/octavia/amphora-agent.conf', 'utf8'),
      starts: fs.readFileSync(starts, 'utf8').length,
      links: JSON.parse(execFileSync('ip', ['-j', 'link', 'show'], { encoding: 'utf8' })),
      hostname: fs.readFileSync('/proc/sys/kernel/hostname', 'utf8').trim(),
    };
    socket.end(JSON.stringify(answer));
  })
  .listen(9443, '0.0.0.0');
