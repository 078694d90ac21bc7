/** What a provider driver may raise, and what it is told. Source: provider driver guide, "Exception Model". */

export interface Faults {
  /** Shown to the API user. */
  user_fault_string?: string;
  /** Written to the API's log only; the user's text when left out. */
  operator_fault_string?: string;
}

abstract class FaultError extends Error {
  readonly user_fault_string: string;
  readonly operator_fault_string: string;

  constructor({ user_fault_string, operator_fault_string }: Faults, fallback: string, options?: ErrorOptions) {
    super(user_fault_string ?? fallback, options);
    this.name = new.target.name;
    this.user_fault_string = user_fault_string ?? fallback;
    this.operator_fault_string = operator_fault_string ?? this.user_fault_string;
  }
}

/** The catch-all, for example for an object the backend does not know: 500. */
export class DriverError extends FaultError {
  constructor(faults: Faults = {}, options?: ErrorOptions) {
    super(faults, 'An unknown driver error occurred.', options);
  }
}

/** A whole call the driver does not have: 501. */
export class NotImplementedError extends FaultError {
  constructor(faults: Faults = {}, options?: ErrorOptions) {
    super(faults, 'This feature is not implemented by this provider.', options);
  }
}

/** An option the driver cannot do; say which: 501. */
export class UnsupportedOptionError extends FaultError {
  constructor(faults: Faults = {}, options?: ErrorOptions) {
    super(faults, 'A specified option is not supported by this provider.', options);
  }
}

/** A resource the driver could not find, for instance a flavor's image. */
export class NotFound extends FaultError {
  constructor(faults: Faults = {}, options?: ErrorOptions) {
    super(faults, 'The provider driver could not find a resource.', options);
  }
}

/** The VIP address is taken: 409. */
export class Conflict extends FaultError {
  constructor(faults: Faults = {}, options?: ErrorOptions) {
    super(faults, 'The provider driver had a resource conflict.', options);
  }
}

abstract class LibraryError extends Error {
  readonly fault_string: string;

  constructor(fault_string: string, options?: ErrorOptions) {
    super(fault_string, options);
    this.name = new.target.name;
    this.fault_string = fault_string;
  }
}

export interface StatusFault {
  fault_string?: string;
  /** The list of the record that was refused, e.g. `listeners`. */
  status_object?: string | null;
  status_object_id?: string | null;
  status_record?: string | null;
}

/** A status was not taken. Records before the one that is named are in force. */
export class UpdateStatusError extends LibraryError {
  readonly status_object: string | null;
  readonly status_object_id: string | null;
  readonly status_record: string | null;

  constructor(fault: StatusFault = {}, options?: ErrorOptions) {
    super(fault.fault_string ?? 'The status update had an unknown error.', options);
    this.status_object = fault.status_object ?? null;
    this.status_object_id = fault.status_object_id ?? null;
    this.status_record = fault.status_record ?? null;
  }
}

export interface StatisticsFault {
  fault_string?: string;
  /** `listeners` */
  stats_object?: string | null;
  stats_object_id?: string | null;
  stats_record?: string | null;
}

/** Statistics were not taken. */
export class UpdateStatisticsError extends LibraryError {
  readonly stats_object: string | null;
  readonly stats_object_id: string | null;
  readonly stats_record: string | null;

  constructor(fault: StatisticsFault = {}, options?: ErrorOptions) {
    super(fault.fault_string ?? 'The statistics update had an unknown error.', options);
    this.stats_object = fault.stats_object ?? null;
    this.stats_object_id = fault.stats_object_id ?? null;
    this.stats_record = fault.stats_record ?? null;
  }
}

/** Nobody listens at a socket of the driver agent. */
export class DriverAgentNotFound extends LibraryError {
  constructor({ fault_string }: { fault_string?: string } = {}, options?: ErrorOptions) {
    super(fault_string ?? 'The driver-agent process was not found or not ready.', options);
  }
}

/** The driver agent took a request and did not answer in time. */
export class DriverAgentTimeout extends LibraryError {
  constructor({ fault_string }: { fault_string?: string } = {}, options?: ErrorOptions) {
    super(fault_string ?? 'The driver-agent timeout.', options);
  }
}
