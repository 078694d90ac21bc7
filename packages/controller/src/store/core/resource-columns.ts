/** When a row was made, and changed the last time. */
export interface Written {
  createdAt: Date;
  updatedAt: Date | null;
}

/** Columns that every resource table has. */
export const RESOURCE_COLUMNS = {
  id: 'id',
  projectId: 'project_id',
  name: 'name',
  adminStateUp: 'admin_state_up',
  provisioningStatus: 'provisioning_status',
  operatingStatus: 'operating_status',
  statusReason: 'status_reason',
  statusCode: 'status_code',
  tags: 'tags',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
} as const;
