/** Where octavia does not do what python-octaviaclient 3.1 does, and why. */
export const EXCEPTIONS: Readonly<Record<string, string>> = {
  'loadbalancer healthmonitor create p --delay 5 --timeout 4 --max-retries 10 --type HTTP':
    'The API takes 10 retries; python-octaviaclient offers 9.',
  'loadbalancer healthmonitor create p --delay 5 --timeout 4 --max-retries 0 --type tcp':
    'The API takes 10 retries; python-octaviaclient offers 9.',
  'lodbalancer list': 'Which commands are like an unknown one depends on which there are.',
  'load-balancer list': 'Which commands are like an unknown one depends on which there are.',
  'load bal list': 'Which commands are like an unknown one depends on which there are.',
  loadbalancer: 'Which commands are like an unknown one depends on which there are.',
  'loadbalancer l': 'Which commands are like an unknown one depends on which there are.',
  'loadbalancer listener': 'Which commands are like an unknown one depends on which there are.',
  'loadbalancer nothing': 'Which commands are like an unknown one depends on which there are.',
  '-x loadbalancer list': 'Which commands are like an unknown one depends on which there are.',
  '--version': 'The version is that of octavia.',
  help: 'The page shows the options and commands of octavia.',
  'help loadbalancer list': 'Help texts are our own words.',
};

/** Commands that the server answers, likewise. */
export const EXCEPTIONS_OF_PAIRS: Readonly<Record<string, string>> = {
  'loadbalancer availabilityzone show nothing':
    'Availability zones have no id; python-octaviaclient asks for one and shows that this is refused.',
  'loadbalancer create --vip-network-id public-net --vip-port-id x':
    'What is wrong with the words is told before anything is asked.',
};
