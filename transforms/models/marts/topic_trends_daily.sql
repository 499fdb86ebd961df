with trends as (

    select * from {{ ref('int_topic_trends') }}

),

final as (

    select
        tenant_id,
        day_on as metric_on,
        topic,
        parent_topic,
        ticket_count,
        expected_count,
        lower_count,
        upper_count,
        is_outside_band,
        read_count,
        negative_count,
        negative_share,
        negative_share_lower,
        negative_share_upper,
        expected_negative_share,
        noise_share_lower,
        noise_share_upper,
        is_negative_share_outside_band

    from trends

)

select * from final
