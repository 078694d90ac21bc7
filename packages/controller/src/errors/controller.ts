/** The controller itself: its database, its operations, and what nobody expected. */
import { define } from './entry.ts';

export const controllerErrors = define({
  INTERNAL: {
    status: 500,
    message: 'An unknown exception occurred. The request id is {requestId}.',
    remedy: 'Search the controller log for the request id.',
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    message: 'The database is not available at the moment: {why}. Please try again.',
    remedy: 'Check PostgreSQL, the space on its disk, and [database] connection. What was accepted goes on by itself.',
  },
  DATABASE_CONTENTION: {
    status: 503,
    message: 'Another change was in the way of this one. Please try again.',
    remedy:
      'Repeat the request. When it happens often, the log of PostgreSQL says which statements met (deadlock detected).',
  },
  OPERATION_ABANDONED: {
    status: 500,
    message: 'Operation {id} was stopped: {detail}',
    remedy: 'Fail over or delete the object.',
  },
  OPERATION_GONE: {
    status: 500,
    message: 'The operation this waited for is gone. {advice}',
    remedy: 'Do what the sentence says. Operators: the log tells when it was found.',
  },
  OPERATOR_RESET: {
    status: 500,
    message: '{detail}',
    remedy: 'An operator has set this status by hand; ask why.',
  },
  UNEXPECTED_ERROR: {
    status: 500,
    message:
      'An unexpected error occurred in the controller. The operator finds the cause in the log under the operation id.',
    remedy: 'Look up the id of the operation in the log of the worker.',
  },
});
