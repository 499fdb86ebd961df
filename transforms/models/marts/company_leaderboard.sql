-- A company that is among the first so many by any measure is listed.
{% set places = 100 %}

with companies as (

    select * from {{ ref('companies') }}

),

windows as (

    select 30 as window_days
    union all
    select 90

),

company_windows as (

    select * from {{ ref('int_company_windows') }}

),

measured as (

    select
        companies.*,
        windows.window_days,
        coalesce(company_windows.ticket_count, 0) as ticket_count,
        coalesce(company_windows.read_count, 0) as read_count,
        coalesce(company_windows.negative_count, 0) as negative_count,
        company_windows.mean_level,
        company_windows.prior_mean_level,
        coalesce(company_windows.sentiment_trend, 'unknown') as window_trend,
        -- A fall that is an anecdote is not ranked.
        case
            when company_windows.sentiment_trend <> 'unknown'
                then {{ rounded('company_windows.mean_level - company_windows.prior_mean_level') }}
        end as level_change,
        -- Neither an assumed figure nor one in another currency outranks a known one.
        case when companies.mrr_source = 'mapped_property' then companies.mrr end as known_mrr

    from companies
    cross join windows
    left join company_windows
        on
            companies.tenant_id = company_windows.tenant_id
            and companies.company_id = company_windows.company_id
            and windows.window_days = company_windows.window_days

),

ranked as (

    select
        *,
        {%- for name, order in [
            ['ticket_rank', 'ticket_count desc, negative_count desc'],
            ['negative_rank', 'negative_count desc, ticket_count desc'],
            ['trend_rank', 'level_change nulls last, negative_count desc'],
            ['mrr_rank', 'known_mrr desc nulls last, mrr desc nulls last'],
            ['card_rank', 'active_trigger_count desc, negative_count desc, ticket_count desc'],
        ] %}
        cast(row_number() over (
            partition by tenant_id, window_days order by {{ order }}, {{ id_order('company_id') }}
        ) as bigint) as {{ name }}
        {{- ',' if not loop.last }}
        {%- endfor %}

    from measured

),

final as (

    select
        tenant_id,
        cast(window_days as bigint) as window_days,
        company_id,
        company_name,
        cast(ticket_count as bigint) as ticket_count,
        cast(read_count as bigint) as read_count,
        cast(negative_count as bigint) as negative_count,
        {{ share('negative_count', 'read_count') }} as negative_share,
        mean_level,
        prior_mean_level,
        level_change,
        window_trend as sentiment_trend,
        mrr,
        mrr_source,
        currency,
        active_trigger_count as active_card_count,
        ticket_rank,
        negative_rank,
        trend_rank,
        mrr_rank,
        card_rank

    from ranked
    where least(ticket_rank, negative_rank, trend_rank, mrr_rank, card_rank) <= {{ places }}

)

select * from final
