{{ config(materialized='incremental', incremental_strategy='renewed') }}

with tickets as (

    select * from {{ renewed('int_tickets') }} as tickets

),

-- The history names stages without their pipeline; an id that two pipelines share is a closed stage if it is one in both.
stages as (

    select
        tenant_id,
        stage_id,
        min(case when ticket_status = 'closed' then 1 else 0 end) = 1 as is_closed

    from {{ ref('int_pipeline_stages') }}
    group by tenant_id, stage_id

),

stage_changes as (

    select
        history.tenant_id,
        history.ticket_id,
        history.entered_at,
        stages.is_closed,
        row_number() over (
            partition by history.tenant_id, history.ticket_id
            order by history.entered_at desc, {{ id_order('history.stage_id', 'desc') }}
        ) as recency_rank

    from {{ renewed('stg_hubspot__ticket_stage_history') }} as history
    inner join stages
        on
            history.tenant_id = stages.tenant_id
            and history.stage_id = stages.stage_id
    where history.entered_at <= {{ as_of_at() }}

),

-- A history that ends elsewhere than where the ticket stands is not believed.
told as (

    select
        tickets.tenant_id,
        tickets.ticket_id

    from tickets
    inner join stage_changes
        on
            tickets.tenant_id = stage_changes.tenant_id
            and tickets.ticket_id = stage_changes.ticket_id
            and stage_changes.recency_rank = 1
            and tickets.is_open <> stage_changes.is_closed

),

changes as (

    select
        tenant_id,
        ticket_id,
        created_on as changed_on,
        created_at as changed_at,
        false as is_closed,
        0 as turn
    from tickets

    union all

    select
        tickets.tenant_id,
        tickets.ticket_id,
        greatest(cast(stage_changes.entered_at as date), tickets.created_on),
        stage_changes.entered_at,
        stage_changes.is_closed,
        1
    from tickets
    inner join told
        on
            tickets.tenant_id = told.tenant_id
            and tickets.ticket_id = told.ticket_id
    inner join stage_changes
        on
            tickets.tenant_id = stage_changes.tenant_id
            and tickets.ticket_id = stage_changes.ticket_id

    union all

    select tickets.tenant_id, tickets.ticket_id, tickets.closed_on, null, true, 2
    from tickets
    left join told
        on
            tickets.tenant_id = told.tenant_id
            and tickets.ticket_id = told.ticket_id
    where tickets.closed_on is not null and told.ticket_id is null

),

-- A day is as it ends.
last_of_day as (

    select
        *,
        row_number() over (
            partition by tenant_id, ticket_id, changed_on
            order by turn desc, changed_at desc, is_closed desc
        ) as day_rank

    from changes

),

spells as (

    select
        tenant_id,
        ticket_id,
        is_closed,
        changed_on as from_on,
        lead(changed_on) over (partition by tenant_id, ticket_id order by changed_on) as to_on

    from last_of_day
    where day_rank = 1

),

final as (

    select
        spells.tenant_id,
        tickets.company_id,
        spells.ticket_id,
        tickets.created_on,
        spells.is_closed,
        spells.from_on,
        spells.to_on

    from spells
    inner join tickets
        on
            spells.tenant_id = tickets.tenant_id
            and spells.ticket_id = tickets.ticket_id

)

select * from final
