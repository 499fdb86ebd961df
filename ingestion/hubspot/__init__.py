"""HubSpot as a source: `sync.sync_cell` brings a cell's portals into `raw_hubspot`.

From the edge inwards: `client` (one request, its errors, its budget), `reader` (what HubSpot's endpoints give), `tenant` (which
of it a tenant needs now), `sync` (a cell's tenants through the loader, cursors, report). `mapping` and `tables` are pure.
"""
