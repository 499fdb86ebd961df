-- depends_on: {{ ref('int_new_scores_daily') }}
-- depends_on: {{ ref('int_stale_days') }}
with days as (

    select
        tenant_id,
        card_id,
        company_id,
        trigger_type,
        scored_on

    from {{ ref('int_card_spans') }}

    union

    select
        tenant_id,
        card_id,
        company_id,
        trigger_type,
        settled_on

    from {{ ref('int_card_spans') }}
    where settled_on is not null

),

{% if is_continued() -%}
-- The numbers and the sentence of a day are long, and many: those of a day that was not scored anew are found in the build before, if it was looked at
-- then, too. It is why the worst day but the last is: the last one is scored anew in each build, and may be the worst no more.
kept as (

    select
        days.*,
        words.components,
        words.why

    from days
    inner join {{ this }} as words
        on
            days.tenant_id = words.tenant_id
            and days.card_id = words.card_id
            and days.company_id = words.company_id
            and days.scored_on = words.scored_on
    inner join {{ ref('int_stale_days') }} as stale_days
        on
            days.tenant_id = stale_days.tenant_id
            and days.company_id = stale_days.company_id
            and days.scored_on < stale_days.stale_from_on

),

anew as (

    {{ with_words('days', ref('int_new_scores_daily')) }}

),

others as (

    select days.*

    from days
    left join kept
        on
            days.tenant_id = kept.tenant_id
            and days.card_id = kept.card_id
            and days.scored_on = kept.scored_on
    left join anew
        on
            days.tenant_id = anew.tenant_id
            and days.card_id = anew.card_id
            and days.scored_on = anew.scored_on
    where kept.card_id is null and anew.card_id is null

),

told as (

    select * from kept
    union all
    select * from anew
    union all
    {{ with_words('others', ref('int_trigger_scores_daily')) }}

),

{%- else -%}
told as (

    {{ with_words('days', ref('int_trigger_scores_daily')) }}

),

{%- endif %}

final as (

    select
        tenant_id,
        card_id,
        company_id,
        trigger_type,
        scored_on,
        components,
        why

    from told

)

select * from final
