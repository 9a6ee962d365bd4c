-- Rights of a process that plans and sends, and cannot alter history. Run it as the owner of the tables, once they are
-- there and after every migration; then: CREATE ROLE somebody LOGIN PASSWORD '...' IN ROLE arload_worker;
-- Policies, approvals and purges are left to the owner, or to roles that are given more.
DO $$ BEGIN
    CREATE ROLE arload_worker NOLOGIN;
EXCEPTION WHEN duplicate_object THEN NULL; -- Made before, by an earlier run of these lines or for another installation.
END $$;
GRANT USAGE ON SCHEMA {schema} TO arload_worker;
GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO arload_worker;
GRANT INSERT ON @run, @sheet, @row_block, @verdict_block, @chunk, @payload, @attempt, @reply, @resolution, @key_block,
    @pace, @directory, @canary, @history, @correction, @worker, @lead, @limiter, @login TO arload_worker;
GRANT UPDATE (state, reason, successor, finished_at, held_by) ON @run TO arload_worker;
GRANT UPDATE (path, rows_of) ON @sheet TO arload_worker;
GRANT UPDATE (state, owner, settled_at, request_id, outcomes, moved) ON @chunk TO arload_worker;
GRANT UPDATE ON @pace, @directory, @canary, @worker, @lead, @limiter, @login TO arload_worker;
GRANT DELETE ON @directory, @worker, @lead, @login TO arload_worker;
