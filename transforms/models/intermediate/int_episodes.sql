{% set days_to_close = signal_days_to_close() %}
{% set days_to_reopen = signal_days_to_reopen() %}

-- The last day a tenant's silence could be judged. While nothing is synced a card for silence neither opens nor ends: nobody was listening.
-- Nor does one for a rule of the tenant's own, which may ask for silence.
with judged_until as (

    select
        tenant_id,
        {{ last_heard_on('trusted_until_at') }} as last_judged_on

    from {{ ref('int_silence_sources') }}

),

signals as (

    select
        tenant_id,
        company_id,
        trigger_type,
        came_on as signal_on,
        max(scored_on) as last_signal_on

    from {{ ref('int_signal_days') }}
    where came_on is not null
    group by tenant_id, company_id, trigger_type, came_on

),

episode_starts as (

    select
        *,
        case
            when
                signal_on - lag(last_signal_on) over (partition by tenant_id, company_id, trigger_type order by signal_on)
                <= {{ days_to_reopen }}
                then 0
            else 1
        end as is_episode_start

    from signals

),

numbered as (

    select
        *,
        sum(is_episode_start) over (
            partition by tenant_id, company_id, trigger_type
            order by signal_on
            rows between unbounded preceding and current row
        ) as episode

    from episode_starts

),

episodes as (

    select
        tenant_id,
        company_id,
        trigger_type,
        cast(episode as bigint) as episode,
        min(signal_on) as opened_on,
        max(last_signal_on) as last_signal_on

    from numbered
    group by tenant_id, company_id, trigger_type, episode

),

named as (

    select
        episodes.*,
        {{ card_id('episodes.tenant_id', 'episodes.company_id', 'episodes.trigger_type', 'episodes.opened_on') }} as card_id,
        episodes.last_signal_on + {{ days_to_close }} as first_off_on,
        case
            when episodes.trigger_type in ('silently_struggling', 'tenant_rule')
                then coalesce(judged_until.last_judged_on, {{ as_of_on() }})
            else {{ as_of_on() }}
        end as last_judged_on

    from episodes
    left join judged_until
        on episodes.tenant_id = judged_until.tenant_id

),

final as (

    select
        tenant_id,
        card_id,
        company_id,
        trigger_type,
        episode,
        opened_on,
        last_signal_on,
        case when first_off_on <= last_judged_on then first_off_on end as closed_on,
        first_off_on > last_judged_on as is_active,
        lag(card_id) over (partition by tenant_id, company_id, trigger_type order by opened_on) as previous_card_id

    from named

)

select * from final
