"""What every operation uses: the world, access, audit, jobs, mail, times and refusals."""
