with streams as (

    select * from {{ ref('int_streams') }}

),

-- A source nobody ever read to its end is not counted on, so its silence tells nothing either; tickets must be read.
final as (

    select
        tenant_id,
        min(trusted_until_at) as trusted_until_at

    from streams
    where stream in ('tickets', 'companies', 'ticket_companies', 'emails', 'ticket_emails')
    group by tenant_id
    having max(case when stream = 'tickets' then trusted_until_at end) is not null

)

select * from final
