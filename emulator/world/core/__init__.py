"""The parts that every operation uses: the world, access, audit, jobs, mail, times, refusals."""
