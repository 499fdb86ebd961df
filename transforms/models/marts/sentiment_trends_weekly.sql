with trends as (

    {{ seven_days_against_baseline(ref('int_ticket_days'), ['tenant_id', 'day_on']) | indent(4) }}

),

-- The week's last day sees its seven days.
final as (

    select
        tenant_id,
        cast(day_on - 6 as date) as week_on,
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
    where extract(isodow from day_on) = 7

)

select * from final
