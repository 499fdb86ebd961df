with versions as (

    select
        *,
        cast(valid_from_at as date) as valid_from_on,
        lead(cast(valid_from_at as date)) over (partition by tenant_id, rule_id order by version) as replaced_on

    from {{ ref('stg_app__trigger_rules') }}
    where valid_from_at <= {{ as_of_at() }}

),

-- The version that was in force when a day ended is the one that judges it.
in_force as (

    select
        *,
        greatest(valid_from_on, {{ spine_start_on() }}) as first_on,
        coalesce(cast(replaced_on - 1 as date), {{ as_of_on() }}) as last_on

    from versions

),

final as (

    select
        tenant_id,
        rule_id,
        version,
        rule_name,
        severity,
        case severity when 'critical' then 4 when 'high' then 3 when 'medium' then 2 else 1 end as severity_rank,
        is_notify,
        first_on,
        last_on

    from in_force
    where is_active and first_on <= last_on

)

select * from final
