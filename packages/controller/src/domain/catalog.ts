/** What operators offer to users: flavors and availability zones, each with a profile that speaks to one provider. */

/** Stands in for deleted flavors and zones; never shown. */
export const NIL = '00000000-0000-0000-0000-000000000000';

export interface Flavor {
  id: string;
  name: string;
  description: string;
  enabled: boolean;
  flavorProfileId: string;
}

export interface FlavorProfile {
  id: string;
  name: string;
  providerName: string;
  /** JSON object as text, kept as it was given. */
  flavorData: string;
}

export interface AvailabilityZone {
  /** Its name. */
  id: string;
  description: string;
  enabled: boolean;
  availabilityZoneProfileId: string;
}

export interface AvailabilityZoneProfile {
  id: string;
  name: string;
  providerName: string;
  availabilityZoneData: string;
}

/** The keys a provider is told; null when the text is no JSON object. */
export function parseMetadata(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
