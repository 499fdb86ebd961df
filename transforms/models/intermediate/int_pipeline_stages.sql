with stages as (

    select * from {{ ref('stg_hubspot__pipeline_stages') }}

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

-- Only closed is a fact in HubSpot; new and waiting are labels people rename and translate. The label is read before the default
-- ids, because a renamed stage keeps its id.
guessed as (

    select
        stages.*,
        case
            when {{ regex_matches("lower(stages.label)", "(^|[^a-z])(new|neu|neue|nouveau|nouvelle|nuevo|nueva|novo|nova|nuovo|nuova|nieuw|triage|inbox|unassigned)([^a-z]|$)") }} then 'new'
            when {{ regex_matches("lower(stages.label)", "(waiting|pending|on hold|wartet|warten|attente|espera|aguard|attesa|wacht)") }} then 'waiting'
            when {{ regex_matches("lower(stages.label)", "(progress|open|working|investigat|bearbeitung|en cours|en curso|em andamento|in corso|behandeling)") }} then 'open'
            when stages.pipeline_id = '0' and stages.stage_id = '1' then 'new'
            when stages.pipeline_id = '0' and stages.stage_id in ('2', '3') then 'waiting'
            else 'open'
        end as guessed_status

    from stages

),

final as (

    select
        guessed.tenant_id,
        guessed.pipeline_id,
        guessed.stage_id,
        guessed.label,
        case
            when guessed.is_closed or upper(guessed.ticket_state) = 'CLOSED' then 'closed'
            when strpos(tenants.new_stage_ids, '"' || guessed.pipeline_id || '/' || guessed.stage_id || '"') > 0 then 'new'
            when strpos(tenants.waiting_stage_ids, '"' || guessed.pipeline_id || '/' || guessed.stage_id || '"') > 0 then 'waiting'
            when guessed.guessed_status = 'new' and tenants.new_stage_ids is null then 'new'
            when guessed.guessed_status = 'waiting' and tenants.waiting_stage_ids is null then 'waiting'
            else 'open'
        end as ticket_status

    from guessed
    left join tenants
        on guessed.tenant_id = tenants.tenant_id

)

select * from final
