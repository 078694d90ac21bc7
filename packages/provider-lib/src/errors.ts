/** What a provider driver may raise, and what the API makes of it. Source: provider driver guide, "Exception Model". */

export interface Faults {
  /** Shown to the API user. */
  userFaultString?: string;
  /** Written to the API's log only; the user text when left out. */
  operatorFaultString?: string;
}

abstract class FaultError extends Error {
  readonly userFaultString: string;
  readonly operatorFaultString: string;

  constructor(faults: Faults, fallback: string) {
    super(faults.userFaultString ?? fallback);
    this.name = new.target.name;
    this.userFaultString = faults.userFaultString ?? fallback;
    this.operatorFaultString = faults.operatorFaultString ?? this.userFaultString;
  }
}

/** The catch-all, for example for an object the backend does not know: 500. */
export class DriverError extends FaultError {
  constructor(faults: Faults = {}) {
    super(faults, 'An unknown driver error occurred.');
  }
}

/** A whole call the driver does not have: 501. */
export class NotImplementedError extends FaultError {
  constructor(faults: Faults = {}) {
    super(faults, 'This feature is not implemented by this provider.');
  }
}

/** An option the driver cannot do; say which: 501. */
export class UnsupportedOptionError extends FaultError {
  constructor(faults: Faults = {}) {
    super(faults, 'A specified option is not supported by this provider.');
  }
}

/** A resource the driver could not find, for instance a flavor's image. */
export class NotFound extends FaultError {
  constructor(faults: Faults = {}) {
    super(faults, 'The provider driver could not find a resource.');
  }
}

/** The VIP address is taken: 409. */
export class Conflict extends FaultError {
  constructor(faults: Faults = {}) {
    super(faults, 'The provider driver had a resource conflict.');
  }
}
