with evaluations as (

    select
        *,
        row_number() over (
            partition by analyzer, model, prompt_version
            order by evaluated_at desc, run_id desc, case when labels = 'five levels' then 0 else 1 end asc, labels asc
        ) as age

    from {{ ref('stg_enrichment__evaluations') }}
    where subject = 'sentiment' and evaluated_at <= {{ as_of_at() }}

),

-- How often each level was right is kept, and shipped, also where the evaluation as a whole is not.
levels as (

    select
        *,
        dense_rank() over (
            partition by analyzer, model, prompt_version order by evaluated_at desc, run_id desc
        ) as age

    from {{ ref('stg_enrichment__label_precision') }}
    where subject = 'sentiment' and evaluated_at <= {{ as_of_at() }}

),

negative_levels as (

    select
        analyzer,
        model,
        prompt_version,
        max(labelled_set) as labelled_set,
        max(evaluated_at) as evaluated_at,
        sum(case when label in ('negative', 'very_negative') then right_count else 0 end) as right_count,
        sum(case when label in ('negative', 'very_negative') then answered_count else 0 end) as answered_count

    from levels
    where age = 1
    group by analyzer, model, prompt_version

),

readers as (

    select
        analyzer,
        model,
        prompt_version

    from evaluations

    union

    select
        analyzer,
        model,
        prompt_version

    from negative_levels

),

final as (

    select
        readers.analyzer,
        readers.model,
        readers.prompt_version,
        coalesce(evaluations.labelled_set, negative_levels.labelled_set) as labelled_set,
        coalesce(evaluations.evaluated_at, negative_levels.evaluated_at) as evaluated_at,
        evaluations.text_count as labelled_count,
        {{ rounded('evaluations.kappa_score') }} as kappa_score,
        case
            when evaluations.run_id is not null then {{ rounded('evaluations.precision_score') }}
            when negative_levels.answered_count > 0
                then {{ rounded('cast(negative_levels.right_count as double precision) / negative_levels.answered_count') }}
        end as negative_precision_score,
        {{ rounded('evaluations.recall_score') }} as negative_recall_score

    from readers
    left join evaluations
        on
            readers.analyzer = evaluations.analyzer
            and readers.model = evaluations.model
            and readers.prompt_version = evaluations.prompt_version
            and evaluations.age = 1
    left join negative_levels
        on
            readers.analyzer = negative_levels.analyzer
            and readers.model = negative_levels.model
            and readers.prompt_version = negative_levels.prompt_version

)

select * from final
