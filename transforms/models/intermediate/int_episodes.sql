{% set days_to_close = signal_days_to_close() %}
{% set days_to_reopen = signal_days_to_reopen() %}

with holding_days as (

    select * from {{ ref('int_trigger_scores_daily') }}
    where is_holding

),

-- The last day a tenant's silence could be judged. While nothing is synced a card for silence neither opens nor ends: nobody was listening.
-- Nor does one for a rule of the tenant's own, which may ask for silence.
judged_until as (

    select
        tenant_id,
        {{ last_heard_on('trusted_until_at') }} as last_judged_on

    from {{ ref('int_silence_sources') }}

),

-- A run is a stretch of days no three of which in a row were below the closing threshold.
run_starts as (

    select
        *,
        case
            when
                scored_on - lag(scored_on) over (partition by tenant_id, company_id, trigger_type order by scored_on)
                <= {{ days_to_close }}
                then 0
            else 1
        end as is_run_start

    from holding_days

),

runs as (

    select
        *,
        sum(is_run_start) over (
            partition by tenant_id, company_id, trigger_type
            order by scored_on
            rows between unbounded preceding and current row
        ) as run_number

    from run_starts

),

-- Within a run the signal is on from the first day that reaches the opening threshold; a run without one never was a signal.
signals as (

    select
        tenant_id,
        company_id,
        trigger_type,
        min(case when is_opening then scored_on end) as signal_on,
        max(scored_on) as last_signal_on

    from runs
    group by tenant_id, company_id, trigger_type, run_number
    having min(case when is_opening then scored_on end) is not null

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
