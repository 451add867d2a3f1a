"""A decoder of MPEG-1 Layer III (ISO/IEC 11172-3) that decodes in part.

What belongs here: mono at a fraction of the rate, of the subbands that a picture needs, of the
frames that hold its clips.
What does not: any stream that is unusual or damaged. In doubt this decoder says so, and the
whole one (`autogroove.audio.opening`) decides.
"""
