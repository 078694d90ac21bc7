/**
 * The log daemon of a sandbox. In a virtual machine the image brings it; here it runs only where logs are to be sent
 * somewhere, for it costs 3 MB each.
 */
import { MOUNTS } from './record.ts';

/** Written by the controller when logs go to receivers; absent otherwise. */
const FORWARDING_FILE = `${MOUNTS['rsyslog.d']}/10-rsyslog.conf`;

/** Where HAProxy sends what it logs; a path, because HAProxy lives in another network namespace than the daemon. */
const HAPROXY_SOCKET = '/run/rsyslog/octavia/log';

const LOCAL_FILE = `${MOUNTS.log}/syslog`;
/** With the former file twice that on disk at most. */
const LOCAL_FILE_LIMIT_BYTES = 10 * 1024 * 1024;
/** What the agent prints, as the sandbox sees it. */
export const CONSOLE_FILE = `${MOUNTS.log}/amphora-agent.log`;
const ROTATE = `${MOUNTS.etc}/rotate-log`;
const CONFIGURATION = `${MOUNTS.etc}/rsyslog.conf`;

/** Forwarding rules come before the file: they may end with throwing everything away. */
export const LOGGING_FILES: Readonly<Record<string, string>> = {
  // The agent is read from its file, not through a pipe: a log daemon that hangs must not hang the agent.
  [CONFIGURATION]: `global(workDirectory="${MOUNTS.log}")
module(load="imuxsock")
module(load="imfile")
input(type="imuxsock" Socket="${HAPROXY_SOCKET}" CreatePath="on")
input(type="imfile" File="${CONSOLE_FILE}" Tag="amphora-agent:" Severity="info" Facility=\`echo local$FACILITY\`)
include(file="${MOUNTS['rsyslog.d']}/*.conf" mode="optional")
*.* action(type="omfile" file="${LOCAL_FILE}" rotation.sizeLimit="${LOCAL_FILE_LIMIT_BYTES}" rotation.sizeLimitCommand="/bin/sh ${ROTATE}")
`,
  // The daemon passes one argument at most.
  [ROTATE]: `mv -f ${LOCAL_FILE} ${LOCAL_FILE}.1\n`,
};

/** Shell: the daemon beside the agent, started again when it dies. */
export const START_LOGGING =
  `if [ -e ${FORWARDING_FILE} ] && command -v rsyslogd >/dev/null; then ` +
  `FACILITY=$(sed -n 's/^administrative_log_facility *= *//p' ${MOUNTS.etc}/amphora-agent.conf); export FACILITY; ` +
  `while :; do rm -f /run/rsyslogd.pid; rsyslogd -n -f ${CONFIGURATION} -i /run/rsyslogd.pid >/dev/null 2>&1; sleep 1; done & fi; `;
