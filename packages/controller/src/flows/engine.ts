/**
 * Adapter to DBOS Transact, the only file (with `operation-queue.ts`) that knows it. DBOS keeps one engine per process.
 */
import { DBOS, DBOSWorkflowConflictError, type DLogger } from '@dbos-inc/dbos-sdk';
import { wfQueueRunner } from '@dbos-inc/dbos-sdk/internal/wfqueue';
import type { Operation } from '../domain/operations.ts';
import { openPool } from '../store/core/pool.ts';
import * as operations from '../store/operations/operations.ts';
import { APPLICATION, APPLICATION_VERSION, QUEUE, WORKFLOW } from './engine-names.ts';
import { type FaultListener, faultListenerFromEnvironment } from './fault-points.ts';
import type { Flow, FlowDependencies } from './flow.ts';
import { Fenced, Lease } from './in-charge.ts';
import { retryWhileUnavailable } from './journal.ts';
import type { Claimant } from './places.ts';
import { runOperation } from './runner.ts';

export interface EngineOptions {
  url: string;
  workerId: string;
  /** Pause between looks for queued operations (ms). 50: start latency about 60 ms for some 20 idle transactions a second. */
  dispatchIntervalMs: number;
  /** Called at the fault points of every operation; by default what the environment says, normally nothing. */
  faults?: FaultListener;
}

export interface PendingOperation {
  workflowId: string;
  operationId: string;
  workerId: string | null;
}

const ID_LENGTH = 36;

/**
 * Operations that one process takes from the queue before it is their turn: it can only tell whose turn it is among those it
 * knows. Each takes some kilobytes; the engine takes no more at a time either.
 */
const TAKEN = 8_000;

/** What it takes to build load balancers and replacements is waited for; the rest works on what is there. */
const claimantOf = ({ projectId, kind }: Operation): Claimant => {
  const isFailover = kind === 'failover_amphora' || kind === 'failover_load_balancer';
  return { projectId, work: kind === 'create_load_balancer' ? 'build' : isFailover ? 'failover' : 'change' };
};

export class FlowEngine {
  readonly #options: EngineOptions;
  readonly #dependencies: FlowDependencies;
  readonly #pool: ReturnType<typeof openPool>;
  /** How recently the worker reported itself; whoever reports it renews this. */
  readonly lease = new Lease();
  /** Bodies of each workflow that run in this process right now. */
  readonly #running = new Map<string, number>();
  /** Workflows of which it is not the turn yet. */
  readonly #waiting = new Set<string>();

  constructor(options: EngineOptions, dependencies: FlowDependencies, flowOf: (operation: Operation) => Flow) {
    this.#options = options;
    this.#dependencies = dependencies;
    this.#pool = openPool({ connectionString: options.url, max: 8 }, (error) =>
      dependencies.log.warn({ component: 'flow engine', reason: error.message }, 'Lost a database connection'),
    );
    DBOS.setConfig({
      name: APPLICATION,
      systemDatabaseUrl: options.url,
      systemDatabasePool: this.#pool,
      applicationVersion: APPLICATION_VERSION,
      executorID: options.workerId,
      listenQueues: [QUEUE],
      logger: quiet(dependencies),
    });
    const faults = options.faults ?? faultListenerFromEnvironment();
    DBOS.registerWorkflow(
      async (operationId: string) => {
        const workflowId = DBOS.workflowID ?? operationId;
        this.#count(workflowId, 1);
        try {
          await this.#inTurn(operationId, workflowId, (attempts) => {
            const run = { workerId: options.workerId, lease: this.lease, faults, attempts };
            return runOperation(operationId, flowOf, this.#dependencies, run);
          });
        } catch (error) {
          // Of a run that is no longer in charge the engine must not record an end.
          throw error instanceof Fenced ? new DBOSWorkflowConflictError(workflowId) : error;
        } finally {
          this.#count(workflowId, -1);
        }
      },
      // Taking over counts as an attempt; the reconciler bounds attempts itself and gives a reason.
      { name: WORKFLOW, maxRecoveryAttempts: 1_000 },
    );
  }

  /** @throws Fenced when this process stops before it is the operation's turn */
  async #inTurn(operationId: string, workflowId: string, work: (attempts: number) => Promise<void>): Promise<void> {
    const { places, store, sleep } = this.#dependencies;
    if (places.isClosed) throw new Fenced();
    this.#waiting.add(workflowId);
    try {
      const operation = await retryWhileUnavailable(sleep, () => operations.get(store.db, operationId));
      if (!operation) return;
      await places.run(claimantOf(operation), () => {
        this.#waiting.delete(workflowId);
        return work(operation.attempts);
      });
    } finally {
      this.#waiting.delete(workflowId);
    }
  }

  #count(workflowId: string, change: 1 | -1): void {
    const bodies = (this.#running.get(workflowId) ?? 0) + change;
    if (bodies > 0) this.#running.set(workflowId, bodies);
    else this.#running.delete(workflowId);
  }

  isRunning(workflowId: string): boolean {
    return this.#running.has(workflowId);
  }

  /** Workflows whose body runs in this process, with their operations. */
  bodies(): { workflowId: string; operationId: string }[] {
    // A restarted operation has a workflow whose name begins with its id.
    return [...this.#running.keys()].map((workflowId) => ({ workflowId, operationId: workflowId.slice(0, ID_LENGTH) }));
  }

  /** Gives up workflows whose operation has ended: what waits behind them in the order of a load balancer goes on. */
  async drop(workflowIds: string[]): Promise<void> {
    for (const workflowId of workflowIds) await DBOS.cancelWorkflow(workflowId);
  }

  /** Creates or updates the engine's own tables, for deployments that migrate apart; `start` does it too. */
  static migrate(url: string): Promise<void> {
    return DBOS.migrate(url);
  }

  async start(): Promise<void> {
    await DBOS.launch();
    await DBOS.registerQueue(QUEUE, {
      partitionConcurrency: 1,
      workerConcurrency: TAKEN,
      minPollingIntervalMs: this.#options.dispatchIntervalMs,
      onConflict: 'always_update',
    });
  }

  /** Stops taking operations and waits for the running ones; what does not end in time is taken over later. */
  async stop(graceMs: number): Promise<void> {
    // Other workers begin what was not begun here, at once.
    wfQueueRunner.stop();
    this.#dependencies.places.close();
    await this.resume([...this.#waiting]).catch(() => undefined);
    await DBOS.shutdown({ workflowCompletionTimeoutMS: graceMs, deregister: true });
    await this.#pool.end();
  }

  /** Operations that some worker has begun and not ended. */
  async pending(): Promise<PendingOperation[]> {
    const workflows = await DBOS.listWorkflows({ status: 'PENDING', queueName: QUEUE, loadInput: true });
    return workflows.map((workflow) => ({
      workflowId: workflow.workflowID,
      operationId: String(workflow.input?.[0] ?? workflow.workflowID),
      workerId: workflow.executorId ?? null,
    }));
  }

  /** Of the given operations, those that the engine will run or is running. */
  async owned(operationIds: string[]): Promise<Set<string>> {
    if (operationIds.length === 0) return new Set();
    const live = await DBOS.listWorkflows({
      status: ['PENDING', 'ENQUEUED', 'DELAYED'],
      queueName: QUEUE,
      loadInput: true,
    });
    const wanted = new Set(operationIds);
    return new Set(live.map((workflow) => String(workflow.input?.[0] ?? '')).filter((id) => wanted.has(id)));
  }

  /** Puts begun operations of a dead worker back into their queue, at their place and with their finished steps. */
  async resume(workflowIds: string[]): Promise<void> {
    // Without the queue's name they would move to an internal queue and lose the order per load balancer.
    if (workflowIds.length > 0) await DBOS.resumeWorkflows(workflowIds, { queueName: QUEUE });
  }

  /** Starts a fresh flow for an operation whose former one ended without settling it. */
  async again(operation: Operation): Promise<void> {
    await DBOS.enqueueWorkflowWithOptions(
      {
        queueName: QUEUE,
        workflowName: WORKFLOW,
        // A new name each time: a former restart may have died before it could count as an attempt.
        workflowID: `${operation.id}.${operation.attempts}.${Date.now()}`,
        queuePartitionKey: operation.loadBalancerId,
        appVersion: APPLICATION_VERSION,
        applicationName: APPLICATION,
      },
      operation.id,
    );
  }
}

/** The engine's own chatter is for debugging; what it warns of concerns operators. */
function quiet({ log, places }: FlowDependencies): DLogger {
  const text = (entry: unknown) => (entry instanceof Error ? entry.message : String(entry));
  return {
    info: () => undefined,
    debug: () => undefined,
    // Of what it leaves to others when it stops.
    warn: (entry) => !places.isClosed && log.warn({ component: 'flow engine' }, text(entry)),
    error: (entry) => log.error({ component: 'flow engine' }, text(entry)),
  };
}
